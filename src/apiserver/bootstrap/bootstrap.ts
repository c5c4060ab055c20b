import type { Features } from '../../apimachinery/feature-gates.ts'
import { formatTime } from '../../apimachinery/time.ts'
import type { HealthCheck } from '../../base/health-checks.ts'
import type { Host, Timer } from '../../base/host.ts'
import type { Logger } from '../../base/logger.ts'
import { type AuthenticationTrust, ensureAuthenticationTrust } from './authentication-trust.ts'
import { ensureRoles } from './bootstrap-roles.ts'
import { ensureDefaultServiceCidr } from './default-service-cidr.ts'
import type { BootstrapContext } from './ensure.ts'
import { ensureFlowObjects } from './flow-objects.ts'
import { ensureKubernetesService, type KubernetesServiceOptions } from './kubernetes-service.ts'
import { ensureLegacyTokenTracking } from './legacy-token-tracking.ts'
import { ensurePriorityClasses } from './priority-classes.ts'
import { ensureNamespaces } from './system-namespaces.ts'

export interface BootstrapOptions extends BootstrapContext {
  readonly host: Host
  readonly logger: Logger
  /** What is on has roles of its own. */
  readonly features: Features
  readonly kubernetesService: KubernetesServiceOptions
  /** As the server was started with: `10.96.0.0/12`, and perhaps one of the other family. */
  readonly serviceCidrs: readonly string[]
  readonly authenticationTrust?: AuthenticationTrust
}

/** Upstream's `DefaultEndpointReconcilerInterval`. */
const intervalMs = 10_000
/** After a failure. */
const retryMs = 1_000

/** Something that the server keeps in order; the health check says whether it ever was. */
interface Step {
  readonly name: string
  /** False: once it has worked it is left alone until the next start, so that what an administrator changes stays. */
  readonly repeats: boolean
  run(): Promise<void>
  done: boolean
}

/**
 * The objects that an API server itself brings along and keeps: system namespaces, default roles, priority classes,
 * the `kubernetes` service. What must never be missing is looked at every ten seconds, in the caches.
 */
export class Bootstrap {
  readonly #options: BootstrapOptions
  readonly #steps: readonly Step[]
  #timer: Timer | undefined
  #stopped = false

  constructor(options: BootstrapOptions) {
    this.#options = options
    const { authenticationTrust: trust, kubernetesService } = options
    const once = (name: string, run: () => Promise<void>): Step => ({
      name,
      run,
      repeats: false,
      done: false,
    })
    const always = (name: string, run: () => Promise<void>): Step => ({ ...once(name, run), repeats: true })
    this.#steps = [
      always('start-system-namespaces-controller', () => ensureNamespaces(options)),
      once('rbac/bootstrap-roles', () => ensureRoles(options, options.features)),
      once('scheduling/bootstrap-system-priority-classes', () => ensurePriorityClasses(options)),
      always('priority-and-fairness-config-producer', () => ensureFlowObjects(options)),
      always('start-kubernetes-service-cidr-controller', () =>
        ensureDefaultServiceCidr(options, options.serviceCidrs, formatTime(options.host.now())),
      ),
      always('start-legacy-token-tracking-controller', () =>
        ensureLegacyTokenTracking(options, formatTime(options.host.now()).slice(0, 10)),
      ),
      always('bootstrap-controller', () => ensureKubernetesService(options, kubernetesService)),
      ...(trust === undefined
        ? []
        : [
            always('start-cluster-authentication-info-controller', () =>
              ensureAuthenticationTrust(options, trust),
            ),
          ]),
    ]
  }

  /** For `/readyz` and `/healthz`, under upstream's names. */
  get checks(): readonly HealthCheck[] {
    return this.#steps.map((step) => ({
      name: `poststarthook/${step.name}`,
      check: () => {
        if (!step.done) throw new Error('not finished')
      },
    }))
  }

  /**
   * Resolves when everything has been tried once; what failed is tried again until it works. Rejects where not even
   * the namespaces can be written: the store takes nothing, and waiting would hide why.
   */
  async start(): Promise<void> {
    const [namespaces, ...others] = this.#steps
    await namespaces?.run()
    if (namespaces !== undefined) namespaces.done = true
    await this.#runAll(others)
  }

  async #runAll(steps: readonly Step[]): Promise<void> {
    await Promise.all(steps.map((step) => this.#run(step)))
    this.#schedule()
  }

  async #again(): Promise<void> {
    const [namespaces, ...others] = this.#steps
    if (namespaces !== undefined) await this.#run(namespaces)
    await this.#runAll(others)
  }

  async #run(step: Step): Promise<void> {
    if (step.done && !step.repeats) return
    try {
      await step.run()
      step.done = true
    } catch (error) {
      this.#options.logger.warn('a start-up step failed and will be tried again', { step: step.name, error })
    }
  }

  #schedule(): void {
    if (this.#stopped) return
    const delayMs = this.#steps.every(({ done }) => done) ? intervalMs : retryMs
    this.#timer = this.#options.host.schedule(delayMs, () => {
      void this.#options.host.track(this.#again())
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
