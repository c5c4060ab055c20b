// Package operator keeps a Deployment for each WebSite: the operator that envtest's users write.
package operator

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var groupVersion = schema.GroupVersion{Group: "sites.example.com", Version: "v1"}

// WebSiteSpec says what a site is.
type WebSiteSpec struct {
	Image    string `json:"image"`
	Replicas *int32 `json:"replicas,omitempty"`
}

// WebSiteStatus says how it is.
type WebSiteStatus struct {
	Replicas   int32              `json:"replicas,omitempty"`
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// WebSite is a site that is served by a Deployment of the same name.
type WebSite struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              WebSiteSpec   `json:"spec,omitempty"`
	Status            WebSiteStatus `json:"status,omitempty"`
}

// WebSiteList is a list of them.
type WebSiteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WebSite `json:"items"`
}

// DeepCopyObject copies by way of maps and slices that are its own.
func (w *WebSite) DeepCopyObject() runtime.Object {
	out := &WebSite{TypeMeta: w.TypeMeta, Spec: w.Spec, Status: w.Status}
	w.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	if w.Spec.Replicas != nil {
		replicas := *w.Spec.Replicas
		out.Spec.Replicas = &replicas
	}
	out.Status.Conditions = append([]metav1.Condition(nil), w.Status.Conditions...)
	return out
}

// DeepCopyObject copies the list and its items.
func (l *WebSiteList) DeepCopyObject() runtime.Object {
	out := &WebSiteList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for i := range l.Items {
		out.Items = append(out.Items, *l.Items[i].DeepCopyObject().(*WebSite))
	}
	return out
}

// AddToScheme makes the types known.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(groupVersion, &WebSite{}, &WebSiteList{})
	metav1.AddToGroupVersion(scheme, groupVersion)
	return nil
}
