# The public suite of Jupyter for kernels, jupyter_kernel_test, with samples in Go. It needs
# the kernel "fate" in a folder of JUPYTER_PATH.
import unittest

import jupyter_kernel_test


class FateKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "fate"
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'import "fmt"\nfmt.Println("hello, world")'
    code_stderr = 'import (\n\t"fmt"\n\t"os"\n)\nfmt.Fprintln(os.Stderr, "an error")'
    completion_samples = [
        {"text": "fmt.Fprintl", "matches": {"Fprintln"}},
        {"text": "x := math.Hyp", "matches": {"Hypot"}},
    ]
    complete_code_samples = ["x := 1", "1 + 1", "func f() int {\n\treturn 1\n}", 'import "fmt"', "// a comment", "%help", "fmt?"]
    incomplete_code_samples = ["func f() {", "for i := 0; i < 3; i++ {", "x := (1 +", "s := `a\nb", 'import (\n\t"fmt"']
    invalid_code_samples = ["x := )", "func func", "x = = 2", "}"]
    code_page_something = "theory.Scale?"
    code_generate_error = "nothing + 1"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"a" + "b"', "result": "ab"},
        {"code": "7 * 7", "result": "49"},
        {"code": 'display.Markdown("*a*")', "mime": "text/markdown", "result": "*a*"},
    ]
    code_display_data = [
        {"code": 'Display(display.HTML("<b>a</b>"))', "mime": "text/html"},
        {"code": "Display(1)\nx := 2", "mime": "text/plain"},
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 ?*"
    code_inspect_sample = "theory.Scale"
    code_clear_output = "display.ClearOutput(false)"

    def setUp(self):
        # Completion is of packages that a cell has imported.
        self.flush_channels()
        self.execute_helper('import (\n\t"fmt"\n\t"math"\n\t"github.com/features-are-fate/fate/pkg/theory"\n)')


# jupyter_kernel_test has one more class, for the message iopub_welcome of kernels whose
# iopub socket is an XPUB. That of gophernotes is a PUB, and the protocol leaves it open.

if __name__ == "__main__":
    unittest.main()
