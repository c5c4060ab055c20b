package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

// ran: logs; commands and a forwarded port over SPDY and over WebSocket.
func ran(ctx context.Context, config *rest.Config, client kubernetes.Interface) {
	pods := client.CoreV1().Pods(namespace)
	_, err := pods.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "shell"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "main", Image: "shell", Command: []string{"sh", "-c", "echo hello; sleep infinity"},
		}}},
	}, metav1.CreateOptions{})
	must(err)
	until(ctx, "the pod", func() bool {
		pod, err := pods.Get(ctx, "shell", metav1.GetOptions{})
		must(err)
		return pod.Status.Phase == corev1.PodRunning
	})
	log, err := pods.GetLogs("shell", &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	must(err)
	line := make([]byte, 6)
	_, err = io.ReadFull(log, line)
	must(err)
	check(string(line) == "hello\n", string(line))
	must(log.Close())

	post := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name("shell")
	command := func(name string, words ...string) *rest.Request {
		return client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(name).SubResource("exec").
			VersionedParams(&corev1.PodExecOptions{Command: words, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	}
	overSpdy := func(request *rest.Request) (remotecommand.Executor, error) {
		return remotecommand.NewSPDYExecutor(config, http.MethodPost, request.URL())
	}
	overWebSocket := func(request *rest.Request) (remotecommand.Executor, error) {
		return remotecommand.NewWebSocketExecutor(config, http.MethodGet, request.URL().String())
	}
	for _, over := range []func(*rest.Request) (remotecommand.Executor, error){overSpdy, overWebSocket} {
		executor, err := over(command("shell", "sh", "-c", "echo done; exit 3"))
		must(err)
		var output, failures bytes.Buffer
		err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &output, Stderr: &failures})
		var exit exec.CodeExitError
		check(errors.As(err, &exit) && exit.Code == 3 && output.String() == "done\n" && failures.Len() == 0, err, output.String())
		executor, err = over(command("none", "true"))
		must(err)
		err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &output})
		check(err != nil && strings.Contains(err.Error(), `pods "none" not found`), err)
	}

	transport, upgrader, err := spdy.RoundTripperFor(config)
	must(err)
	url := post.SubResource("portforward").URL()
	tunnel, err := portforward.NewSPDYOverWebsocketDialer(url, config)
	must(err)
	plain := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	dialer := portforward.NewFallbackDialer(tunnel, plain, func(error) bool { return false })
	ready, stop := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.New(dialer, []string{"0:80"}, stop, ready, io.Discard, io.Discard)
	must(err)
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	<-ready
	ports, err := forwarder.GetPorts()
	must(err)
	check(len(ports) == 1 && ports[0].Local > 0 && ports[0].Remote == 80, ports)
	close(stop)
	must(<-ended)
	must(pods.Delete(ctx, "shell", *metav1.NewDeleteOptions(0)))
}
