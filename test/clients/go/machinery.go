package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/retry"
)

// discovered: kept on disk, mapped from kinds to resources, read and watched as objects of no known type.
func discovered(ctx context.Context, config *rest.Config) {
	folder, err := os.MkdirTemp("", "client-go-")
	must(err)
	defer os.RemoveAll(folder)
	cached, err := disk.NewCachedDiscoveryClientForConfig(config, filepath.Join(folder, "discovery"), filepath.Join(folder, "http"), time.Hour)
	must(err)
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	resource, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: "deploy"})
	must(err)
	check(resource == appsv1.SchemeGroupVersion.WithResource("deployments"), resource)
	preferred, err := discovery.ServerPreferredNamespacedResources(cached)
	must(err)
	check(cached.Fresh() && len(preferred) > 10, len(preferred))

	maps := corev1.SchemeGroupVersion.WithResource("configmaps")
	client := dynamic.NewForConfigOrDie(config)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)
	lister := factory.ForResource(maps).Lister().ByNamespace(namespace)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "dynamic"},
	}}
	_, err = client.Resource(maps).Namespace(namespace).Apply(ctx, "dynamic", object, metav1.ApplyOptions{FieldManager: "client-go"})
	must(err)
	until(ctx, "the object in the cache", func() bool {
		_, err := lister.Get("dynamic")
		return err == nil
	})
	partial, err := metadata.NewForConfigOrDie(config).Resource(maps).Namespace(namespace).Get(ctx, "dynamic", metav1.GetOptions{})
	must(err)
	check(partial.UID != "" && partial.Name == "dynamic", partial)
	must(client.Resource(maps).Namespace(namespace).Delete(ctx, "dynamic", metav1.DeleteOptions{}))
}

// scaled: a Deployment by the client of all that has a scale.
func scaled(ctx context.Context, config *rest.Config, client kubernetes.Interface) {
	labels := map[string]string{"app": "scaled"}
	replicas := int32(1)
	deployments := client.AppsV1().Deployments(namespace)
	_, err := deployments.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "scaled"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "main"}}},
			},
		},
	}, metav1.CreateOptions{})
	must(err)
	finder := client.Discovery()
	groups, err := restmapper.GetAPIGroupResources(finder)
	must(err)
	scales, err := scale.NewForConfig(config, restmapper.NewDiscoveryRESTMapper(groups), dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(finder))
	must(err)
	resource := schema.GroupResource{Group: "apps", Resource: "deployments"}
	// The controller writes its status meanwhile.
	must(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		wanted, err := scales.Scales(namespace).Get(ctx, resource, "scaled", metav1.GetOptions{})
		must(err)
		wanted.Spec.Replicas = 3
		_, err = scales.Scales(namespace).Update(ctx, resource, wanted, metav1.UpdateOptions{})
		return err
	}))
	until(ctx, "the scaling", func() bool {
		deployment, err := deployments.Get(ctx, "scaled", metav1.GetOptions{})
		must(err)
		return deployment.Status.ReadyReplicas == 3
	})
	must(deployments.Delete(ctx, "scaled", metav1.DeleteOptions{}))
}

// elected: one of two leads; when it lets go the other does.
func elected(ctx context.Context, client kubernetes.Interface) {
	leaders := make(chan string, 2)
	stand := func(ctx context.Context, name string) {
		go leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: &resourcelock.LeaseLock{
				LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "client-go"},
				Client:     client.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: name},
			},
			LeaseDuration:   4 * time.Second,
			RenewDeadline:   3 * time.Second,
			RetryPeriod:     200 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { leaders <- name },
				OnStoppedLeading: func() {},
			},
		})
	}
	first, resign := context.WithCancel(ctx)
	defer resign()
	second, end := context.WithCancel(ctx)
	defer end()
	stand(first, "one")
	check(<-leaders == "one")
	stand(second, "two")
	resign()
	check(<-leaders == "two")
}

// told: the same event again becomes a series.
func told(ctx context.Context, client kubernetes.Interface) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	must(broadcaster.StartRecordingToSinkWithContext(ctx))
	recorder := broadcaster.NewRecorder(scheme.Scheme, "client-go")
	account, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
	must(err)
	options := metav1.ListOptions{FieldSelector: "reason=Told"}
	for times := range 2 {
		recorder.Eventf(account, nil, corev1.EventTypeNormal, "Told", "Telling", "told")
		until(ctx, "the event", func() bool {
			list, err := client.EventsV1().Events(namespace).List(ctx, options)
			must(err)
			return len(list.Items) == 1 && (times == 0 || list.Items[0].Series != nil && list.Items[0].Series.Count == 2)
		})
	}
}
