package operator

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

const finalizer = "sites.example.com/farewell"

// Reconciler keeps a site's Deployment, and says goodbye in a ConfigMap.
type Reconciler struct {
	client.Client
}

// SetupWithManager has the manager run it.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(manager).For(&WebSite{}).Owns(&appsv1.Deployment{}).Complete(r)
}

// Reconcile makes what is there what should be there.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var site WebSite
	if err := r.Get(ctx, request.NamespacedName, &site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !site.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.sayGoodbye(ctx, &site)
	}
	if controllerutil.AddFinalizer(&site, finalizer) {
		if err := r.Update(ctx, &site); err != nil {
			return ctrl.Result{}, err
		}
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: site.Namespace, Name: site.Name}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, deployment, func() error {
		labels := map[string]string{"site": site.Name}
		deployment.Spec.Replicas = site.Spec.Replicas
		deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
		deployment.Spec.Template.Labels = labels
		deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "web", Image: site.Spec.Image}}
		return controllerutil.SetControllerReference(&site, deployment, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	site.Status.Replicas = deployment.Status.Replicas
	meta.SetStatusCondition(&site.Status.Conditions, metav1.Condition{
		Type: "Deployed", Status: metav1.ConditionTrue, Reason: "DeploymentKept", ObservedGeneration: site.Generation,
	})
	return ctrl.Result{}, r.Status().Update(ctx, &site)
}

func (r *Reconciler) sayGoodbye(ctx context.Context, site *WebSite) error {
	if !controllerutil.RemoveFinalizer(site, finalizer) {
		return nil
	}
	farewell := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: site.Namespace, Name: site.Name + "-farewell"}}
	if err := client.IgnoreAlreadyExists(r.Create(ctx, farewell)); err != nil {
		return err
	}
	return r.Update(ctx, site)
}
