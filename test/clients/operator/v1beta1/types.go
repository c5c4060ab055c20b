// Package v1beta1 is what a WebSite was before: its image came in two parts, and its replicas were a count.
package v1beta1

import (
	"fmt"
	"strings"

	operator "example.com/operator"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/conversion"
)

var groupVersion = schema.GroupVersion{Group: "sites.example.com", Version: "v1beta1"}

// WebSiteSpec says what a site is.
type WebSiteSpec struct {
	Repository string `json:"repository"`
	Tag        string `json:"tag,omitempty"`
	Count      *int32 `json:"count,omitempty"`
}

// WebSite is a site that is served by a Deployment of the same name.
type WebSite struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              WebSiteSpec `json:"spec,omitempty"`
}

// WebSiteList is a list of them.
type WebSiteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WebSite `json:"items"`
}

// ConvertTo makes a site of today.
func (w *WebSite) ConvertTo(hub conversion.Hub) error {
	site, ok := hub.(*operator.WebSite)
	if !ok {
		return fmt.Errorf("a WebSite becomes no %T", hub)
	}
	site.ObjectMeta = w.ObjectMeta
	site.Spec = operator.WebSiteSpec{Image: w.Spec.Repository, Replicas: w.Spec.Count}
	if w.Spec.Tag != "" {
		site.Spec.Image += ":" + w.Spec.Tag
	}
	return nil
}

// ConvertFrom makes this of a site of today.
func (w *WebSite) ConvertFrom(hub conversion.Hub) error {
	site, ok := hub.(*operator.WebSite)
	if !ok {
		return fmt.Errorf("no WebSite comes from %T", hub)
	}
	w.ObjectMeta = site.ObjectMeta
	repository, tag, _ := strings.Cut(site.Spec.Image, ":")
	w.Spec = WebSiteSpec{Repository: repository, Tag: tag, Count: site.Spec.Replicas}
	return nil
}

// DeepCopyObject copies by way of maps and slices that are its own.
func (w *WebSite) DeepCopyObject() runtime.Object {
	out := &WebSite{TypeMeta: w.TypeMeta, Spec: w.Spec}
	w.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	if w.Spec.Count != nil {
		count := *w.Spec.Count
		out.Spec.Count = &count
	}
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
