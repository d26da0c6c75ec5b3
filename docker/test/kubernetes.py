# Checks the output of fate sweep k8s against the published schemas of Kubernetes.
# Argument: the file.
import json
import sys

import kubernetes_validate

job = json.load(open(sys.argv[1]))
for item in job["items"]:
    version = kubernetes_validate.validate(item, "1.31", strict=True)
    print(item["kind"], "is one of Kubernetes", version)

# The check can fail.
job["items"][1]["spec"]["backoffLimitPerIndx"] = 1
try:
    kubernetes_validate.validate(job["items"][1], "1.31", strict=True)
except Exception as e:
    print("an unknown field is refused:", str(e).splitlines()[0])
else:
    sys.exit("an unknown field is not refused")
