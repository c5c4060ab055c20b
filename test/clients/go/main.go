// What users of client-go do; says `all is well` at its end.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

const namespace = "default"

func main() {
	logQuietly()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	for _, contentType := range []string{"application/json", "application/vnd.kubernetes.protobuf"} {
		typed := rest.CopyConfig(config)
		typed.ContentType = contentType
		typed.AcceptContentTypes = contentType + ",application/json"
		client := kubernetes.NewForConfigOrDie(typed)
		informers(ctx, client)
		writes(ctx, client)
	}
	client := kubernetes.NewForConfigOrDie(config)
	discovered(ctx, config)
	scaled(ctx, config, client)
	elected(ctx, client)
	told(ctx, client)
	ran(ctx, config, client)
	fmt.Println("all is well")
}

// quiet passes on what the library logs, but for what it says of elections, where to lose is no failure.
type quiet struct{}

func (quiet) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(" leaderelection.go:")) {
		return len(line), nil
	}
	return os.Stderr.Write(line)
}

func logQuietly() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	must(flags.Parse([]string{"-logtostderr=false", "-stderrthreshold=FATAL"}))
	klog.SetOutput(quiet{})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func check(holds bool, what ...any) {
	if !holds {
		panic(fmt.Sprint(what...))
	}
}

// until waits for what will come to be.
func until(ctx context.Context, what string, holds func() bool) {
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true,
		func(context.Context) (bool, error) { return holds(), nil })
	check(err == nil, what, " did not happen: ", err)
}
