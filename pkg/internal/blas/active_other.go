//go:build !amd64

package blas

// active is the kernel that this machine uses, and kernels are those that it can use.
var (
	active  = portable
	kernels = []*kernel{portable}
)
