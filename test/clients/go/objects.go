package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	kubeinformers "k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

func newMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"of": "client-go"}}}
}

var mine = metav1.ListOptions{LabelSelector: "of=client-go"}

// informers: what is there, what comes, changes and goes.
func informers(ctx context.Context, client kubernetes.Interface) {
	maps := client.CoreV1().ConfigMaps(namespace)
	must(maps.DeleteCollection(ctx, metav1.DeleteOptions{}, mine))
	for index := range 3 {
		_, err := maps.Create(ctx, newMap(fmt.Sprintf("there-%d", index)), metav1.CreateOptions{})
		must(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := kubeinformers.NewSharedInformerFactoryWithOptions(client, 0, kubeinformers.WithNamespace(namespace),
		kubeinformers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = mine.LabelSelector }))
	informer := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int32
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(any, any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	})
	must(err)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	until(ctx, "the first three", func() bool { return added.Load() == 3 })
	held, err := informer.Lister().ConfigMaps(namespace).List(labels.Everything())
	must(err)
	check(len(held) == 3, held)
	_, err = maps.Apply(ctx, applycorev1.ConfigMap("there-0", namespace).WithData(map[string]string{"a": "1"}),
		metav1.ApplyOptions{FieldManager: "client-go"})
	must(err)
	must(maps.Delete(ctx, "there-1", metav1.DeleteOptions{}))
	until(ctx, "the change and the end", func() bool { return updated.Load() == 1 && deleted.Load() == 1 })
	cancel()
	factory.Shutdown()
}

// writes: pages, conflicts and how they are retried, errors that are told apart.
func writes(ctx context.Context, client kubernetes.Interface) {
	maps := client.CoreV1().ConfigMaps(namespace)
	for index := range 25 {
		_, err := maps.Create(ctx, newMap(fmt.Sprintf("page-%02d", index)), metav1.CreateOptions{})
		must(err)
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return maps.List(ctx, options)
	})
	pages.PageSize = 10
	seen := 0
	must(pages.EachListItem(ctx, mine, func(object runtime.Object) error {
		if strings.HasPrefix(object.(*corev1.ConfigMap).Name, "page-") {
			seen++
		}
		return nil
	}))
	check(seen == 25, seen)

	stale, err := maps.Get(ctx, "page-00", metav1.GetOptions{})
	must(err)
	tries := 0
	must(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		tries++
		object := stale.DeepCopy()
		if tries == 1 {
			changed := stale.DeepCopy()
			changed.Data = map[string]string{"by": "another"}
			_, err := maps.Update(ctx, changed, metav1.UpdateOptions{})
			must(err)
		} else if object, err = maps.Get(ctx, "page-00", metav1.GetOptions{}); err != nil {
			return err
		}
		object.BinaryData = map[string][]byte{"bytes": {0, 1, 255}}
		_, err := maps.Update(ctx, object, metav1.UpdateOptions{})
		return err
	}))
	check(tries == 2, tries)
	_, err = maps.Create(ctx, newMap("page-00"), metav1.CreateOptions{})
	check(apierrors.IsAlreadyExists(err), err)
	_, err = maps.Create(ctx, newMap("Page 00"), metav1.CreateOptions{})
	check(apierrors.IsInvalid(err), err)
	_, err = maps.Get(ctx, "none", metav1.GetOptions{})
	check(apierrors.IsNotFound(err), err)
	uid := stale.UID + "0"
	err = maps.Delete(ctx, "page-00", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	check(apierrors.IsConflict(err), err)
	must(maps.DeleteCollection(ctx, metav1.DeleteOptions{}, mine))
}
