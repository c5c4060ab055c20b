import { storageEmptyDir } from './containers/storage-empty-dir.ts'
import { storageObjects } from './containers/storage-objects.ts'
import { storagePodData } from './containers/storage-pod-data.ts'
import { containerBehaviours } from './support/container-suite.ts'

// One cluster for all of them: what takes longest goes first, and everything else runs beside it.
containerBehaviours('Containers', [storageObjects, storagePodData, storageEmptyDir])
