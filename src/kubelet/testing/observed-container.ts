import { computeAmounts } from '../allocation/granted-resources.ts'
import type { ObservedContainer } from '../pod/observed-pod.ts'

/** A running container that asks for nothing, but for what is said. */
export const observedContainer = (
  more: Pick<ObservedContainer, 'id' | 'name'> & Partial<ObservedContainer>,
): ObservedContainer => ({
  sandboxId: 'sandbox',
  state: 'running',
  hash: '',
  restartCount: 0,
  image: '',
  imageId: '',
  createdAtMs: 0,
  startedAtMs: 0,
  finishedAtMs: 0,
  exitCode: 0,
  reason: '',
  message: '',
  mounts: [],
  logPath: '',
  madeWith: {},
  amounts: computeAmounts(undefined),
  ...more,
})
