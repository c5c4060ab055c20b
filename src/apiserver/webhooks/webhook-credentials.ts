/** What a webhook is shown, beside a review. */
export interface WebhookCredential {
  /** PEM. */
  readonly certificate?: { readonly certificatePem: string; readonly keyPem: string }
  /** Of the header. */
  readonly authorization?: string
}

/** What the server of a name at a port is shown. */
export type WebhookCredentials = (name: string, port: number) => WebhookCredential | undefined

const defaultPort = 443

/** A name, and then its parents with a star in front. */
function withParents(name: string): readonly string[] {
  const steps = name.split('.')
  return [name, ...steps.slice(1).map((_, index) => `*.${steps.slice(index + 1).join('.')}`)]
}

/** Names of a kubeconfig's users that are meant for a server, the first one before the others (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#authenticate-apiservers). */
export function userNamesFor(name: string, port: number): readonly string[] {
  const host = name.includes(':') ? `[${name}]` : name
  return [...withParents(`${host}:${port}`), ...(port === defaultPort ? withParents(name) : []), '*']
}
