import { Metadata } from '@grpc/grpc-js'
import { loadMessage } from '../../../base/host/load-services.ts'
import type { GrpcConnection } from '../../grpc/grpc-connection.ts'
import type { RuntimeError } from '../runtime.ts'

/**
 * As much of containerd's own event service (containerd/api/services/events/v1) as tells when a task ends: its
 * CRI plugin tells that only since 1.7.
 */
export const containerdDescriptor = {
  nested: {
    containerd: {
      nested: {
        services: {
          nested: {
            events: {
              nested: {
                v1: {
                  nested: {
                    Events: {
                      methods: {
                        Subscribe: {
                          requestType: 'SubscribeRequest',
                          responseType: 'Envelope',
                          responseStream: true,
                        },
                      },
                    },
                    SubscribeRequest: { fields: { filters: { rule: 'repeated', type: 'string', id: 1 } } },
                    Payload: {
                      fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } },
                    },
                    Envelope: {
                      fields: {
                        namespace: { type: 'string', id: 2 },
                        topic: { type: 'string', id: 3 },
                        event: { type: 'Payload', id: 4 },
                      },
                    },
                    TaskExit: {
                      fields: {
                        container_id: { type: 'string', id: 1 },
                        id: { type: 'string', id: 2 },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

const service = 'containerd.services.events.v1.Events'

interface Envelope {
  readonly topic: string
  readonly event?: { readonly value: Uint8Array }
}

interface TaskExit {
  readonly containerId?: string
  readonly id?: string
}

/** Calls back when a container's own process has ended. `ended` is called when the stream is over; what it returns ends the subscription. */
export function watchTaskExits(
  connection: GrpcConnection,
  onExit: () => void,
  ended: (error: RuntimeError | undefined) => void,
): () => void {
  const message = loadMessage(containerdDescriptor, 'containerd.services.events.v1.TaskExit')
  const metadata = new Metadata()
  metadata.set('containerd-namespace', 'k8s.io')
  const data = ({ topic, event }: Envelope): void => {
    if (topic !== '/tasks/exit' || event === undefined) return
    const { containerId, id } = message.deserialize(Buffer.from(event.value)) as TaskExit
    // The end of a command that was executed in a container has another id.
    if (containerId === id) onExit()
  }
  const filters = ['topic=="/tasks/exit",namespace==k8s.io']
  return connection.stream<Envelope>(service, 'Subscribe', { filters }, { data, ended }, metadata)
}
