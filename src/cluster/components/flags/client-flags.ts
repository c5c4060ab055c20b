import { frontProxyFlags } from '../front-proxy-flags.ts'
import { bindAddress, boolean, duration, float, int, list, oneOf, path, text } from './flag-types.ts'

/** For what talks to the API server, with upstream's defaults for this component. */
export const clientFlags = (perSecond: number, burst: number) => ({
  kubeconfig: path('Kubeconfig of the component: where the API server is, and who it is there.'),
  master: path('The address of the API server; overrides the kubeconfig’s.'),
  'kube-api-qps': float('Requests a second to the API server; negative: no limit.', perSecond),
  'kube-api-burst': int('Requests that may go at once.', burst, { min: 1 }),
})

export const leaderFlags = (name: string) => ({
  'leader-elect': boolean('Run only while this process holds the lease.', true),
  'leader-elect-lease-duration': duration('How long others leave a lease alone that is not renewed.', 15_000),
  'leader-elect-renew-deadline': duration('After how long without a renewal the leader ends.', 10_000),
  'leader-elect-retry-period': duration('Between two attempts.', 2_000),
  'leader-elect-resource-lock': oneOf('What kind of object is the lock.', ['leases'], 'leases'),
  'leader-elect-resource-name': text('The lease’s name.', name),
  'leader-elect-resource-namespace': text('The lease’s namespace.', 'kube-system'),
})

/** For a component’s own small server: health and metrics. `tolerates`: what is announced in the cluster may be out of reach. */
export const ownServerFlags = (port: number, tolerates: boolean) => ({
  'bind-address': bindAddress('The address to listen on; 0.0.0.0 or :: for all.'),
  'secure-port': int('The port to serve HTTPS on; 0: none.', port, {
    ...{ min: 0, max: 65_535 },
    refusal: (value) =>
      `--secure-port ${value} must be between 0 and 65535, inclusive. 0 for turning off secure port`,
  }),
  'client-ca-file': path('Authority of client certificates; told by the API server where it is absent.'),
  ...frontProxyFlags({ byDefault: true }),
  'authentication-kubeconfig': path('Kubeconfig of who may create TokenReviews.'),
  'authentication-skip-lookup': boolean(
    'Authorities that are not given are not asked of the API server.',
    false,
  ),
  'authentication-tolerate-lookup-failure': boolean('Start also where it does not tell them.', tolerates),
  'authentication-token-webhook-cache-ttl': duration('How long answers about tokens count.', 10_000),
  'authorization-kubeconfig': path('Kubeconfig of who may create SubjectAccessReviews.'),
  'authorization-webhook-cache-authorized-ttl': duration('How long what it allows counts.', 10_000),
  'authorization-webhook-cache-unauthorized-ttl': duration('How long what it does not allow counts.', 10_000),
  'authorization-always-allow-paths': list('Paths that need no permission.', [
    '/healthz',
    '/readyz',
    '/livez',
  ]),
})
