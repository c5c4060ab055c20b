import type { HealthCheck } from '../../base/health-checks.ts'

/** Upstream's names of what a starting server does, by the stage of this one's start that does the same. */
const hooks = {
  admission: ['start-apiserver-admission-initializer'],
  caches: [
    ...['generic-apiserver-start-informers', 'start-apiextensions-informers', 'crd-informer-synced'],
    ...['start-kube-aggregator-informers', 'storage-readiness'],
  ],
  definitions: ['start-apiextensions-controllers'],
  flowControl: ['priority-and-fairness-config-consumer', 'priority-and-fairness-filter'],
  allocation: ['start-service-ip-repair-controllers'],
  aggregation: [
    ...['apiservice-registration-controller', 'apiservice-status-local-available-controller'],
    ...['apiservice-status-remote-available-controller', 'apiservice-discovery-controller'],
    ...[
      'apiservice-openapi-controller',
      'apiservice-openapiv3-controller',
      'kube-apiserver-autoregistration',
    ],
  ],
  identity: [
    'start-kube-apiserver-identity-lease-controller',
    'start-kube-apiserver-identity-lease-garbage-collector',
  ],
} as const

export type StartStage = keyof typeof hooks

/** What has come up of a server that starts, for `/livez` and `/readyz`. */
export class StartHooks {
  readonly checks: readonly HealthCheck[]
  readonly #done = new Set<StartStage>()

  /** `stages`: those that this server goes through. */
  constructor(stages: readonly StartStage[]) {
    this.checks = stages.flatMap((stage) => hooks[stage].map((name) => this.#check(stage, name)))
  }

  done(stage: StartStage): void {
    this.#done.add(stage)
  }

  #check(stage: StartStage, name: string): HealthCheck {
    return {
      name: `poststarthook/${name}`,
      check: () => {
        if (!this.#done.has(stage)) throw new Error('not finished')
      },
    }
  }
}
