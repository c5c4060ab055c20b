/**
 * Defaults that upstream declares in its schemas, which the facts leave out: apply needs them where a list's key
 * has one. Numbers and booleans are written as text.
 */
export const fieldDefaults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'io.k8s.api.autoscaling.v1.ScaleSpec': { replicas: '0' },
  'io.k8s.api.core.v1.AzureDiskVolumeSource': {
    cachingMode: 'ReadWrite',
    fsType: 'ext4',
    kind: 'Shared',
    readOnly: 'false',
  },
  'io.k8s.api.core.v1.ConfigMapEnvSource': { name: '' },
  'io.k8s.api.core.v1.ConfigMapKeySelector': { name: '' },
  'io.k8s.api.core.v1.ConfigMapProjection': { name: '' },
  'io.k8s.api.core.v1.ConfigMapVolumeSource': { name: '' },
  'io.k8s.api.core.v1.ContainerPort': { protocol: 'TCP' },
  'io.k8s.api.core.v1.FileKeySelector': { optional: 'false' },
  'io.k8s.api.core.v1.GRPCAction': { service: '' },
  'io.k8s.api.core.v1.ISCSIPersistentVolumeSource': { iscsiInterface: 'default' },
  'io.k8s.api.core.v1.ISCSIVolumeSource': { iscsiInterface: 'default' },
  'io.k8s.api.core.v1.LocalObjectReference': { name: '' },
  'io.k8s.api.core.v1.RBDPersistentVolumeSource': {
    keyring: '/etc/ceph/keyring',
    pool: 'rbd',
    user: 'admin',
  },
  'io.k8s.api.core.v1.RBDVolumeSource': { keyring: '/etc/ceph/keyring', pool: 'rbd', user: 'admin' },
  'io.k8s.api.core.v1.ReplicationControllerSpec': { minReadySeconds: '0', replicas: '1' },
  'io.k8s.api.core.v1.ScaleIOPersistentVolumeSource': { fsType: 'xfs', storageMode: 'ThinProvisioned' },
  'io.k8s.api.core.v1.ScaleIOVolumeSource': { fsType: 'xfs', storageMode: 'ThinProvisioned' },
  'io.k8s.api.core.v1.SecretEnvSource': { name: '' },
  'io.k8s.api.core.v1.SecretKeySelector': { name: '' },
  'io.k8s.api.core.v1.SecretProjection': { name: '' },
  'io.k8s.api.core.v1.ServicePort': { protocol: 'TCP' },
  'io.k8s.api.certificates.v1beta1.PodCertificateRequestSpec': { maxExpirationSeconds: '86400' },
  'io.k8s.api.resource.v1.DeviceToleration': { operator: 'Equal' },
  'io.k8s.api.resource.v1beta1.DeviceToleration': { operator: 'Equal' },
  'io.k8s.api.resource.v1beta2.DeviceToleration': { operator: 'Equal' },
  'io.k8s.api.resource.v1alpha3.ResourcePoolStatusRequestSpec': { limit: '100' },
  'io.k8s.api.scheduling.v1alpha2.PodGroupSpec': { disruptionMode: 'Pod' },
}
