package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/urfave/cli/v2"
)

// profile starts what --cpuprofile and --memprofile ask for. The function that it returns ends it.
func profile(c *cli.Context) (stop func(), err error) {
	var cpu *os.File
	if name := c.String("cpuprofile"); name != "" {
		if cpu, err = os.Create(name); err != nil {
			return nil, fmt.Errorf("cpu profile: %w", err)
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, fmt.Errorf("cpu profile: %w", err)
		}
	}
	return func() {
		if cpu != nil {
			pprof.StopCPUProfile()
			cpu.Close()
		}
		if name := c.String("memprofile"); name != "" {
			if f, err := os.Create(name); err == nil {
				runtime.GC()
				_ = pprof.WriteHeapProfile(f) // a profile is for the developer, who sees that it is missing
				f.Close()
			}
		}
	}, nil
}
