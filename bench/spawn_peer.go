// What spawn_peer.c does, as it is done in Go: os/exec from a thread that has
// joined the network namespace for the moment of the start.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Package syscall does not have it everywhere.
var setnsNumbers = map[string]uintptr{"amd64": 308, "arm64": 268}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "spawn_peer.go:", err)
		os.Exit(1)
	}
}

func setns(file *os.File) {
	_, _, errno := syscall.RawSyscall(setnsNumbers[runtime.GOARCH], file.Fd(), syscall.CLONE_NEWNET, 0)
	if errno != 0 {
		check(errno)
	}
}

// start leaves the thread in the network namespace that it was in.
func start(net string, command []string) *exec.Cmd {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if net == "" {
		check(cmd.Start())
		return cmd
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	check(err)
	defer own.Close()
	other, err := os.Open(net)
	check(err)
	defer other.Close()
	setns(other)
	err = cmd.Start()
	setns(own)
	check(err)
	return cmd
}

func run(net string, command []string, inFlight, count int) []time.Duration {
	latencies := make([]time.Duration, count)
	var started atomic.Int64
	var all sync.WaitGroup
	for i := 0; i < inFlight; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for at := started.Add(1) - 1; at < int64(count); at = started.Add(1) - 1 {
				begin := time.Now()
				check(start(net, command).Wait())
				latencies[at] = time.Since(begin)
			}
		}()
	}
	all.Wait()
	return latencies
}

func main() {
	net := flag.String("net", "", "network namespace to join")
	inFlight := flag.Int("in-flight", 1, "processes at a time")
	warmup := flag.Int("warmup", 0, "processes before the measurement")
	count := flag.Int("count", 1, "processes to measure")
	ballast := flag.Int("ballast", 0, "resident MiB")
	flag.Parse()

	memory := make([]byte, *ballast<<20)
	for at := range memory {
		memory[at] = 1
	}
	run(*net, flag.Args(), *inFlight, *warmup)
	begin := time.Now()
	latencies := run(*net, flag.Args(), *inFlight, *count)
	elapsed := time.Since(begin)
	sort.Slice(latencies, func(i, j int) bool { return latencies[i] < latencies[j] })
	check(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"count":   float64(*count),
		"us_each": elapsed.Seconds() / float64(*count) * 1e6,
		"p50_us":  latencies[*count/2].Seconds() * 1e6,
	}))
	runtime.KeepAlive(memory)
}
