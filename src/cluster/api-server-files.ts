/** Flags of kube-apiserver that name files, and that a cluster's own API server takes as well. */
export const apiServerFileFlags = {
  'audit-policy-file': 'what is audited',
  'audit-log-path': 'the log that it is written to; -: standard output',
  'audit-webhook-config-file': 'a kubeconfig of the server that is told of it',
  'encryption-provider-config':
    'an EncryptionConfiguration: what is encrypted in the store, followed while it changes',
  'authentication-config': 'an AuthenticationConfiguration: issuers of tokens, who is anonymous; followed',
  'authorization-config': 'an AuthorizationConfiguration, in place of Node and RBAC; followed',
  'admission-control-config-file': 'an AdmissionConfiguration: settings of admission plugins',
} as const

export type ApiServerFileFlag = keyof typeof apiServerFileFlags

/** Absolute paths by flag. */
export type ApiServerFiles = Partial<Readonly<Record<ApiServerFileFlag, string>>>
