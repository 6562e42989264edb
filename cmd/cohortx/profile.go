package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"

	"github.com/urfave/cli/v2"
)

// profiled gives a command the hidden flags --cpuprofile and --memprofile.
func profiled(command *cli.Command) {
	command.Flags = append(slices.Clip(command.Flags),
		&cli.StringFlag{Name: "cpuprofile", Usage: "write a CPU profile to `FILE`", Hidden: true},
		&cli.StringFlag{Name: "memprofile", Usage: "write a heap profile to `FILE`", Hidden: true})
	action := command.Action
	if action == nil {
		return
	}
	command.Action = func(c *cli.Context) error {
		stop, err := profile(c)
		if err != nil {
			return err
		}
		defer stop()
		return action(c)
	}
}

// profile starts what --cpuprofile and --memprofile ask for. The function that it returns ends it.
func profile(c *cli.Context) (stop func(), err error) {
	if c.String("memprofile") != "" {
		runtime.MemProfileRate = 512 << 10 // Go's own default
	}
	var cpu *os.File
	if name := c.String("cpuprofile"); name != "" {
		if cpu, err = os.Create(name); err != nil {
			return nil, fmt.Errorf("cpu profile: %w", err)
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			cpu.Close()
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
