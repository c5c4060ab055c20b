import type { core } from '../../../api/generated/types/index.ts'
import type { LogReader } from '../../logs/log-options.ts'
import type { PodFiles } from '../../pod/pod-context.ts'
import { isSimulatedPath } from './simulated-node-parts.ts'

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
  /** Pods that have files: one that is gone no longer tells what it was, and most of thousands had none. */
  const withFiles = new Set<string>()
  const of = (pod: core.v1.Pod): PodFiles => {
    if (!isReal(pod)) return simulated
    withFiles.add(pod.metadata?.uid ?? '')
    return files
  }
  return {
    mountVolumes: (pod) => of(pod).mountVolumes(pod),
    refreshVolumes: (pod) => of(pod).refreshVolumes(pod),
    containerMounts: (request) => of(request.pod).containerMounts(request),
    fileVariable: (pod, reference) => of(pod).fileVariable(pod, reference),
    terminationMessage: (status) =>
      (status.id.startsWith(idPrefix) ? files : simulated).terminationMessage(status),
    logDirectory: (pod) => of(pod).logDirectory(pod),
    prepareLogs: (pod, name) => of(pod).prepareLogs(pod, name),
    removeLog: (path) => (isSimulatedPath(path) ? simulated : files).removeLog(path),
    unmountVolumes: (uid) => (withFiles.has(uid) ? files : simulated).unmountVolumes(uid),
    removePod: async (uid) => {
      await (withFiles.has(uid) ? files : simulated).removePod(uid)
      withFiles.delete(uid)
    },
    found: async () => {
      const found = await files.found()
      for (const uid of found) withFiles.add(uid)
      return found
    },
    checkpointPath: (archive) => files.checkpointPath(archive),
    usage: (pod) => of(pod).usage(pod),
  }
}

export const logsByHandler = (simulated: LogReader, { logs, idPrefix }: RealParts): LogReader => ({
  read: (source, ...rest) =>
    (source.containerId.startsWith(idPrefix) ? logs : simulated).read(source, ...rest),
})
