package main

import (
	"fmt"
	"runtime"
)

func main() {
	fmt.Printf("Hello from Go %s, in a sandbox!\n", runtime.Version())
}
