import { type batch, type Client, type core, Job, Pod } from 'timonel'

export interface Question {
  readonly namespace: string
  readonly name: string
  /** How many parts the question is scattered over. */
  readonly shards: number
  /** Every shard's container; it finds its number in `JOB_COMPLETION_INDEX` and leaves its answer in its termination message. */
  readonly container: core.v1.Container
}

const jobFor = ({ namespace, name, shards, container }: Question): batch.v1.Job => ({
  metadata: { namespace, name },
  spec: {
    completionMode: 'Indexed',
    completions: shards,
    parallelism: shards,
    // A shard that does not answer is left out; it does not hold up the others.
    backoffLimitPerIndex: 0,
    template: { spec: { restartPolicy: 'Never', containers: [container] } },
  },
})

/** Resolves when every shard has answered or failed. */
async function ended(client: Client, { namespace, name }: Question, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const watch = client.resource(Job).watch({ namespace, fieldSelector: `metadata.name=${name}`, signal })
    for await (const events of watch)
      for (const { object } of events) {
        const types = object.status?.conditions?.map(({ type }) => type) ?? []
        if (types.includes('Complete') || types.includes('Failed')) return
      }
  }
  signal.throwIfAborted()
}

const indexOf = ({ metadata }: core.v1.Pod): number =>
  Number(metadata?.labels?.['batch.kubernetes.io/job-completion-index'])

/** Asks all shards at once; gives their answers in order, undefined for those that did not answer. */
export async function scatterGather(
  client: Client,
  question: Question,
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const { namespace, name, shards } = question
  await client.resource(Job).create(jobFor(question))
  await ended(client, question, signal)
  const labelSelector = `batch.kubernetes.io/job-name=${name}`
  const { items: pods } = await client.resource(Pod).list({ namespace, labelSelector })
  const answers: (string | undefined)[] = Array.from({ length: shards }, () => undefined)
  for (const pod of pods) {
    if (pod.status?.phase !== 'Succeeded') continue
    answers[indexOf(pod)] = pod.status.containerStatuses?.[0]?.state?.terminated?.message?.trim()
  }
  await client.resource(Job).delete(namespace, name, { propagationPolicy: 'Background' })
  return answers
}
