import { initAndMainContainers } from '../../../api/core/pod/init-and-main-containers.ts'
import type { core } from '../../../api/generated/types/index.ts'
import { maxNodeScore, type Plugin, type PluginContext } from '../../framework.ts'

const mebibyte = 1024 * 1024
/** Less than this is fetched in no time. */
const leastBytes = 23 * mebibyte
/** More than this, for each container, makes no further difference. */
const mostBytesPerContainer = 1_000 * mebibyte

/** As runtimes name it in a node's status. */
function imageName(name: string): string {
  return name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}

function imagesOf({ spec }: core.v1.Pod): readonly string[] {
  const containers = initAndMainContainers(spec)
  const volumes = (spec?.volumes ?? []).flatMap(({ image }) => (image === undefined ? [] : [image.reference]))
  return [...containers.map(({ image }) => image), ...volumes].map((name) => imageName(name ?? ''))
}

/** Bytes that need not be fetched, as a score. */
function scoreOfBytes(bytes: number, containers: number): number {
  const most = mostBytesPerContainer * containers
  const bounded = Math.min(Math.max(bytes, leastBytes), most)
  return Math.trunc((maxNodeScore * (bounded - leastBytes)) / (most - leastBytes))
}

/** Prefers nodes that have the pod's images. */
export const imageLocality = ({ nodes }: PluginContext): Plugin => ({
  name: 'ImageLocality',
  preScore: ({ pod }) => {
    const images = imagesOf(pod).filter((name) => nodes.hasImage(name))
    if (images.length === 0) return { type: 'skip' }
    const containers = (pod.spec?.initContainers?.length ?? 0) + (pod.spec?.containers.length ?? 0)
    const all = nodes.nodes.length
    return {
      type: 'score',
      score: (node) => {
        let bytes = 0
        for (const name of images) {
          const state = node.images.get(name)
          if (state !== undefined) bytes += Math.trunc(state.sizeBytes * (state.nodes.size / all))
        }
        return bytes === 0 ? 0 : scoreOfBytes(bytes, containers)
      },
    }
  },
})
