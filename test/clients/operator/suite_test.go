package operator

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

var (
	config *rest.Config
	scheme = runtime.NewScheme()
	api    client.Client
)

func TestMain(m *testing.M) {
	log.SetLogger(zap.New(zap.UseDevMode(true), zap.WriteTo(os.Stderr)))
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	environment := &envtest.Environment{CRDDirectoryPaths: []string{"config"}, ErrorIfCRDPathMissing: true}
	must(clientgoscheme.AddToScheme(scheme))
	must(AddToScheme(scheme))
	began := time.Now()
	var err error
	config, err = environment.Start()
	must(err)
	println("environment started in", time.Since(began).Milliseconds(), "ms")
	defer func() {
		cancel()
		must(environment.Stop())
	}()
	api, err = client.New(config, client.Options{Scheme: scheme})
	must(err)
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  scheme,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "websites.sites.example.com",
		LeaderElectionNamespace: "default",
	})
	must(err)
	must((&Reconciler{manager.GetClient()}).SetupWithManager(manager))
	go func() { must(manager.Start(ctx)) }()
	<-manager.Elected()
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

func newSite(t *testing.T, name string) *WebSite {
	t.Helper()
	site := &WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: WebSiteSpec{Image: "web:1"}}
	if err := api.Create(context.Background(), site); err != nil {
		t.Fatal(err)
	}
	return site
}

func TestSiteGetsItsDeployment(t *testing.T) {
	ctx := context.Background()
	site := newSite(t, "shop")
	if site.Spec.Replicas == nil || *site.Spec.Replicas != 2 {
		t.Fatalf("the default is missing: %v", site.Spec.Replicas)
	}
	var deployment appsv1.Deployment
	eventually(t, "the deployment", func() bool {
		return api.Get(ctx, client.ObjectKeyFromObject(site), &deployment) == nil
	})
	if !metav1.IsControlledBy(&deployment, site) || *deployment.Spec.Replicas != 2 {
		t.Fatalf("the deployment is wrong: %+v", deployment)
	}
	eventually(t, "the condition", func() bool {
		must(api.Get(ctx, client.ObjectKeyFromObject(site), site))
		return meta.IsStatusConditionTrue(site.Status.Conditions, "Deployed")
	})
	patch := client.MergeFrom(site.DeepCopyObject().(*WebSite))
	site.Spec.Image = "web:2"
	must(api.Patch(ctx, site, patch))
	eventually(t, "the new image", func() bool {
		must(api.Get(ctx, client.ObjectKeyFromObject(site), &deployment))
		return deployment.Spec.Template.Spec.Containers[0].Image == "web:2"
	})
}

func TestSiteIsValidated(t *testing.T) {
	ctx := context.Background()
	replicas := int32(9)
	site := &WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "huge"}, Spec: WebSiteSpec{Image: "web", Replicas: &replicas}}
	err := api.Create(ctx, site)
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.replicas: Invalid value: 9: spec.replicas in body should be less than or equal to 5") {
		t.Fatalf("unexpected: %v", err)
	}
}

func TestSiteSaysGoodbye(t *testing.T) {
	ctx := context.Background()
	site := newSite(t, "gone")
	eventually(t, "the finalizer", func() bool {
		must(api.Get(ctx, client.ObjectKeyFromObject(site), site))
		return len(site.Finalizers) == 1
	})
	must(api.Delete(ctx, site))
	eventually(t, "the end", func() bool {
		return apierrors.IsNotFound(api.Get(ctx, client.ObjectKeyFromObject(site), site))
	})
	var farewell corev1.ConfigMap
	must(api.Get(ctx, client.ObjectKey{Namespace: "default", Name: "gone-farewell"}, &farewell))
}

func TestOperatorHoldsItsLease(t *testing.T) {
	var lease coordinationv1.Lease
	must(api.Get(context.Background(), client.ObjectKey{Namespace: "default", Name: "websites.sites.example.com"}, &lease))
	if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "" {
		t.Fatal("nobody holds the lease")
	}
}

// What only controllers do: envtest has none, unless it runs on Timonel with TIMONEL_CONTROLLERS=1.
func TestControllers(t *testing.T) {
	if os.Getenv("TIMONEL_CONTROLLERS") != "1" {
		t.Skip("TIMONEL_CONTROLLERS is not 1")
	}
	ctx := context.Background()
	site := newSite(t, "full")
	labels := client.MatchingLabels{"site": "full"}
	var pods corev1.PodList
	eventually(t, "the pods", func() bool {
		must(api.List(ctx, &pods, client.InNamespace("default"), labels))
		return len(pods.Items) == 2
	})
	must(api.Delete(ctx, site))
	eventually(t, "garbage collection", func() bool {
		must(api.List(ctx, &pods, client.InNamespace("default"), labels))
		var deployment appsv1.Deployment
		err := api.Get(ctx, client.ObjectKeyFromObject(site), &deployment)
		return apierrors.IsNotFound(err) && len(pods.Items) == 0
	})
}
