package operator

import (
	"context"
	"fmt"
	"strings"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	keptAnnotation = "sites.example.com/kept"
	defaultTag     = "stable"
)

// Hub says that other versions of a site are converted from and to this one.
func (*WebSite) Hub() {}

// Webhooks fill in, judge and convert sites.
type Webhooks struct{}

// SetupWithManager has the manager serve them.
func (w *Webhooks) SetupWithManager(manager ctrl.Manager) error {
	return ctrl.NewWebhookManagedBy(manager, &WebSite{}).WithDefaulter(w).WithValidator(w).Complete()
}

// Default gives an image that has no tag one.
func (*Webhooks) Default(_ context.Context, site *WebSite) error {
	if !strings.Contains(site.Spec.Image, ":") {
		site.Spec.Image += ":" + defaultTag
	}
	return nil
}

// ValidateCreate wants images from places that are trusted.
func (*Webhooks) ValidateCreate(_ context.Context, site *WebSite) (admission.Warnings, error) {
	if strings.HasPrefix(site.Spec.Image, "elsewhere/") {
		return nil, fmt.Errorf("image %s is from elsewhere", site.Spec.Image)
	}
	return nil, nil
}

// ValidateUpdate warns of what visitors will notice.
func (w *Webhooks) ValidateUpdate(ctx context.Context, old, site *WebSite) (admission.Warnings, error) {
	if old.Spec.Image == site.Spec.Image {
		return nil, nil
	}
	warnings, err := w.ValidateCreate(ctx, site)
	return append(warnings, "visitors will see "+site.Spec.Image), err
}

// ValidateDelete keeps what is to be kept.
func (*Webhooks) ValidateDelete(_ context.Context, site *WebSite) (admission.Warnings, error) {
	if site.Annotations[keptAnnotation] == "yes" {
		return nil, fmt.Errorf("site %s is kept", site.Name)
	}
	return nil, nil
}
