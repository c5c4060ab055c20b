package operator_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	operator "example.com/operator"
	"example.com/operator/v1beta1"
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
	"sigs.k8s.io/controller-runtime/pkg/webhook"
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
	must(clientgoscheme.AddToScheme(scheme))
	must(operator.AddToScheme(scheme))
	must(v1beta1.AddToScheme(scheme))
	environment := &envtest.Environment{
		Scheme:                scheme,
		CRDDirectoryPaths:     []string{"config/crds"},
		ErrorIfCRDPathMissing: true,
		WebhookInstallOptions: envtest.WebhookInstallOptions{Paths: []string{"config/webhooks"}},
	}
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
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		WebhookServer: webhook.NewServer(webhook.Options{
			Host:    environment.WebhookInstallOptions.LocalServingHost,
			Port:    environment.WebhookInstallOptions.LocalServingPort,
			CertDir: environment.WebhookInstallOptions.LocalServingCertDir,
		}),
		LeaderElection:          true,
		LeaderElectionID:        "websites.sites.example.com",
		LeaderElectionNamespace: "default",
	})
	must(err)
	must((&operator.Reconciler{Client: manager.GetClient()}).SetupWithManager(manager))
	must((&operator.Webhooks{}).SetupWithManager(manager))
	go func() { must(manager.Start(ctx)) }()
	<-manager.Elected()
	awaitWebhooks(manager.GetWebhookServer().StartedChecker())
	return m.Run()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func awaitWebhooks(started func(*http.Request) error) {
	for end := time.Now().Add(20 * time.Second); started(nil) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			panic("the webhooks are not served")
		}
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

func newSite(t *testing.T, name string) *operator.WebSite {
	t.Helper()
	site := &operator.WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: operator.WebSiteSpec{Image: "web:1"}}
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
	patch := client.MergeFrom(site.DeepCopyObject().(*operator.WebSite))
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
	site := &operator.WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "huge"}, Spec: operator.WebSiteSpec{Image: "web", Replicas: &replicas}}
	err := api.Create(ctx, site)
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.replicas: Invalid value: 9: spec.replicas in body should be less than or equal to 5") {
		t.Fatalf("unexpected: %v", err)
	}
}

func TestWebhooksFillInAndJudge(t *testing.T) {
	ctx := context.Background()
	site := &operator.WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "judged"}, Spec: operator.WebSiteSpec{Image: "web"}}
	must(api.Create(ctx, site, client.DryRunAll))
	if site.Spec.Image != "web:stable" {
		t.Fatalf("the tag is missing: %s", site.Spec.Image)
	}
	site = newSite(t, "judged")
	told := &toldWarnings{}
	quiet := rest.CopyConfig(config)
	quiet.WarningHandler = told
	warned, err := client.New(quiet, client.Options{Scheme: scheme})
	must(err)
	patch := client.MergeFrom(site.DeepCopyObject().(*operator.WebSite))
	site.Spec.Image = "web:3"
	must(warned.Patch(ctx, site, patch))
	if len(told.texts) != 1 || told.texts[0] != "visitors will see web:3" {
		t.Fatalf("unexpected warnings: %v", told.texts)
	}
	patch = client.MergeFrom(site.DeepCopyObject().(*operator.WebSite))
	site.Spec.Image = "elsewhere/web:1"
	err = api.Patch(ctx, site, patch)
	want := `admission webhook "judge.sites.example.com" denied the request: image elsewhere/web:1 is from elsewhere`
	if !apierrors.IsForbidden(err) || err.Error() != want {
		t.Fatalf("unexpected: %v", err)
	}
}

func TestWebhooksKeepWhatIsToBeKept(t *testing.T) {
	ctx := context.Background()
	site := newSite(t, "kept")
	patch := client.MergeFrom(site.DeepCopyObject().(*operator.WebSite))
	site.Annotations = map[string]string{"sites.example.com/kept": "yes"}
	must(api.Patch(ctx, site, patch))
	if err := api.Delete(ctx, site); err == nil || !strings.Contains(err.Error(), "site kept is kept") {
		t.Fatalf("unexpected: %v", err)
	}
}

func TestSiteOfOldIsConvertedAndJudged(t *testing.T) {
	ctx := context.Background()
	old := &v1beta1.WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "old"}, Spec: v1beta1.WebSiteSpec{Repository: "web"}}
	must(api.Create(ctx, old))
	if old.Spec.Tag != "stable" || old.Spec.Count == nil || *old.Spec.Count != 2 {
		t.Fatalf("the webhook for v1 was not asked: %+v", old.Spec)
	}
	var site operator.WebSite
	must(api.Get(ctx, client.ObjectKeyFromObject(old), &site))
	if site.Spec.Image != "web:stable" || site.Spec.Replicas == nil || *site.Spec.Replicas != 2 {
		t.Fatalf("the site is wrong: %+v", site.Spec)
	}
	var sites v1beta1.WebSiteList
	must(api.List(ctx, &sites, client.InNamespace("default")))
	for _, one := range sites.Items {
		if one.Spec.Repository == "" {
			t.Fatalf("not converted: %+v", one)
		}
	}
	bad := &v1beta1.WebSite{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "bad"}, Spec: v1beta1.WebSiteSpec{Repository: "elsewhere/web"}}
	if err := api.Create(ctx, bad); !apierrors.IsForbidden(err) {
		t.Fatalf("unexpected: %v", err)
	}
}

type toldWarnings struct{ texts []string }

func (w *toldWarnings) HandleWarningHeader(_ int, _, text string) { w.texts = append(w.texts, text) }

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
