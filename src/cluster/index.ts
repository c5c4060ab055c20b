export type * from '../api/generated/types/index.ts'
export { kinds } from '../api/kinds.ts'
export { defineKind, type KindDeclaration } from '../apimachinery/define-kind.ts'
export type { KubernetesList, KubernetesObject, ObjectMeta, WatchEvent } from '../apimachinery/meta.ts'
export { isStatus, StatusError } from '../apimachinery/status-error.ts'
export { createLogger } from '../base/host/logger.ts'
export { createMetrics } from '../base/host/metrics.ts'
export { realHost } from '../base/host/real-host.ts'
export type { Client, ResourceClient } from '../client/client.ts'
export { createClient } from '../client/create-client.ts'
export { EventRecorder } from '../client/event-recorder.ts'
export { createHttpsTransport } from '../client/https/https-transport.ts'
export { loadKubeconfig, parseKubeconfig } from '../client/https/kubeconfig.ts'
export type { Informer, InformerFactory, Lister } from '../client/informer.ts'
export { createInformerFactory } from '../client/informer-factory.ts'
export { type ImageRecipe, packImage } from '../kubelet/images/pack-image.ts'
export {
  defineController,
  done,
  type ReconcileContext,
  requeueAfter,
  watching,
} from '../reconcile/controller.ts'
export { runLeaderElection } from '../reconcile/leader-election.ts'
export { permissionsOf } from '../reconcile/permissions-of.ts'
export { startController } from '../reconcile/start-controller.ts'
export { actions, onEvent } from '../scheduler/cluster-event.ts'
export type { CustomPlugin, Scheduling } from '../scheduler/config/scheduling-of.ts'
export type { Explanation } from '../scheduler/explain/explanation.ts'
export type {
  Filter,
  Plugin as SchedulerPlugin,
  PluginContext,
  PreFilterResult,
  PreScoreResult,
  Rejection,
} from '../scheduler/framework.ts'
export { evictMoves, type MoveOutcome } from '../scheduler/rebalance/evict-moves.ts'
export {
  defaultRebalance,
  type Move,
  type RebalancePlan,
  type RebalanceSettings,
} from '../scheduler/rebalance/plan-moves.ts'
export { planRebalance, type RebalancerOptions } from '../scheduler/rebalance/rebalancer.ts'
export type { EtcdServers } from '../storage/etcd/etcd-connection.ts'
export { type ApiServerFileFlag, type ApiServerFiles, apiServerFileFlags } from './api-server-files.ts'
export { Cluster } from './cluster.ts'
export { type DataDirectory, dataDirectory, defaultDataDirectory } from './data-directory.ts'
export * from './kinds.ts'
export { type EtcdFiles, type LastStart, readLastStart, writeLastStart } from './last-start.ts'
export { type ClusterStatus, clusterStatus, deleteCluster, loadImages, stopCluster } from './lifecycle.ts'
export { loadScheduling } from './load-scheduling.ts'
export type { ClusterOptions, NetworkOptions, RegistryMirror, RuntimeName } from './options.ts'
export { type Report, type Step, step } from './progress.ts'
export { runNode } from './real-nodes/run-node.ts'
export { type ClusterState, isAlive, type NodeState, readState } from './state-file.ts'
export { installCommand, installPackages, missingPackages } from './system-packages.ts'
