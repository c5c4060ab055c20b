import type { core } from '../../../api/generated/types/index.ts'
import type { LogReader } from '../../logs/log-options.ts'
import type { PodFiles } from '../../pod/pod-context.ts'

/** What a node has for those of its pods that are not simulated. */
export interface RealParts {
  readonly files: PodFiles
  readonly logs: LogReader
  /** In front of the ids of their containers. */
  readonly idPrefix: string
}

/** The files of a node of which some pods are not simulated. */
export function filesByHandler(
  simulated: PodFiles,
  { files, idPrefix }: RealParts,
  isReal: (pod: core.v1.Pod) => boolean,
): PodFiles {
  const of = (pod: core.v1.Pod): PodFiles => (isReal(pod) ? files : simulated)
  return {
    mountVolumes: (pod) => of(pod).mountVolumes(pod),
    refreshVolumes: (pod) => of(pod).refreshVolumes(pod),
    containerMounts: (request) => of(request.pod).containerMounts(request),
    fileVariable: (pod, reference) => of(pod).fileVariable(pod, reference),
    terminationMessage: (status) =>
      (status.id.startsWith(idPrefix) ? files : simulated).terminationMessage(status),
    logDirectory: (pod) => of(pod).logDirectory(pod),
    prepareLogs: (pod, name) => of(pod).prepareLogs(pod, name),
    // A pod that is gone does not tell what it was: where it had nothing, there is nothing to remove.
    removeLog: (path) => files.removeLog(path),
    unmountVolumes: (uid) => files.unmountVolumes(uid),
    removePod: (uid) => files.removePod(uid),
    found: () => files.found(),
    checkpointPath: (archive) => files.checkpointPath(archive),
    usage: (pod) => of(pod).usage(pod),
  }
}

export const logsByHandler = (simulated: LogReader, { logs, idPrefix }: RealParts): LogReader => ({
  read: (source, ...rest) =>
    (source.containerId.startsWith(idPrefix) ? logs : simulated).read(source, ...rest),
})
