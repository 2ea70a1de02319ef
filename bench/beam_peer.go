// What beam_peer.c does on the bare wire, by Docker's beam, which is not in this
// repository: `--seed PATH` names it, and beam_go.ts builds both as one module.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"bench/beam"
)

const (
	socket     = 3
	attachment = 4
	cacheLine  = 64
)

type tally struct {
	Messages    int     `json:"messages"`
	Bytes       int     `json:"bytes"`
	Descriptors int     `json:"descriptors"`
	Touched     int     `json:"touched"`
	Seconds     float64 `json:"seconds"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "beam_peer.go:", err)
		os.Exit(1)
	}
}

func send(conn *net.UnixConn, size, count int) {
	data := make([]byte, size)
	for at := range data {
		data[at] = 1
	}
	file := os.NewFile(attachment, "attachment")
	for ; count > 0; count-- {
		check(beam.Send(conn, data, file))
	}
}

func receive(conn *net.UnixConn, size, count int) (sum tally) {
	for ; sum.Messages < count; sum.Messages++ {
		data, file, err := beam.Receive(conn)
		check(err)
		if len(data) != size {
			check(errors.New("the size of a message is not as expected"))
		}
		sum.Bytes += len(data)
		for at := 0; at < len(data); at += cacheLine {
			sum.Touched += int(data[at])
		}
		check(file.Close())
		sum.Descriptors++
	}
	return sum
}

func main() {
	role := flag.String("role", "", "sender or receiver")
	size := flag.Int("size", 1, "bytes in a message")
	warmup := flag.Int("warmup", 1, "messages before the measurement")
	messages := flag.Int("messages", 1, "messages to measure")
	flag.Bool("descriptor", true, "always: this wire cannot do without")
	flag.Parse()

	conn, err := beam.FdConn(socket)
	check(err)
	if *role == "sender" {
		send(conn, *size, *warmup+*messages)
		return
	}
	receive(conn, *size, *warmup)
	started := time.Now()
	sum := receive(conn, *size, *messages)
	sum.Seconds = time.Since(started).Seconds()
	check(json.NewEncoder(os.Stdout).Encode(sum))
}
