import { messageOf } from '../../../base/message-of.ts'
import type { PodContext } from '../pod-context.ts'

/**
 * Removes what pods left on the node that nobody knows any more: neither the API, nor a manifest, nor the runtime. Their
 * agent was killed between the end of their containers and that of their files, or the machine was. Never rejects.
 */
export async function removeOrphans(
  { cgroups, files, logger }: Pick<PodContext, 'cgroups' | 'files' | 'logger'>,
  isKnown: (podUid: string) => boolean,
): Promise<void> {
  const found = await Promise.all([files.found(), cgroups.found()])
  for (const uid of new Set(found.flat())) {
    // A pod has a worker before it has anything on the node.
    if (uid === '' || isKnown(uid)) continue
    try {
      await cgroups.remove(uid)
      await files.removePod(uid)
      logger.info('what a pod left that nobody knows any more has been removed', { uid })
    } catch (error) {
      logger.warn('what a pod left could not be removed', { uid, error: messageOf(error) })
    }
  }
}
