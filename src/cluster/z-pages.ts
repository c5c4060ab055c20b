import type { Features } from '../apimachinery/feature-gates.ts'
import { flagzPage } from '../apiserver/discovery/flagz-page.ts'
import { statuszPage } from '../apiserver/discovery/statusz-page.ts'
import type { ZPage } from '../apiserver/discovery/z-page.ts'
import type { Host } from '../base/host.ts'
import { type KubeletPage, kubeletPaths } from '../kubelet/server/kubelet-routes.ts'
import { apiVersion, buildInfo, kubernetesVersion } from './version.ts'

export interface ZPagesOptions {
  readonly host: Host
  readonly features: Features
  /** `kube-scheduler` */
  readonly name: string
  /** Absent: the component has none. */
  readonly flags?: Readonly<Record<string, string>> | undefined
  /** All that it serves beside these pages. */
  readonly paths: () => readonly string[]
}

/** The same for the node agent, whose server is one of its own. */
export function kubeletPages(
  host: Host,
  features: Features,
  flags?: Readonly<Record<string, string>>,
): ReadonlyMap<string, KubeletPage> {
  const pages = zPages({ host, features, name: 'kubelet', flags, paths: () => kubeletPaths })
  return new Map(
    pages.map((page) => [
      page.path.slice(1),
      (accept, pretty) => {
        const { contentType, headers, chunks } = page.answer(accept, pretty)
        return { headers: { 'content-type': contentType, ...headers }, body: Buffer.concat(chunks) }
      },
    ]),
  )
}

/** `/flagz` and `/statusz` of a component, as far as their gates are on. */
export function zPages({ host, features, name, flags, paths }: ZPagesOptions): readonly ZPage[] {
  const pages: ZPage[] = []
  if (flags !== undefined && features.enabled('ComponentFlagz')) pages.push(flagzPage(name, flags))
  if (features.enabled('ComponentStatusz')) {
    const { runtime } = buildInfo()
    const versions = { runtime, binaryVersion: kubernetesVersion.slice(1), emulationVersion: apiVersion }
    const others = pages.map(({ path }) => path)
    pages.push(statuszPage({ host, name, ...versions, paths: () => [...paths(), ...others] }))
  }
  return pages
}
