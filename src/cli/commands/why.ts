import { createHttpsTransport } from '../../client/https/https-transport.ts'
import { dataDirectory, type Explanation, loadKubeconfig, realHost } from '../../cluster/index.ts'
import { chosenDirectory } from '../chosen-directory.ts'
import { explanationText } from '../explanation-text.ts'

export interface WhyOptions {
  readonly dataDir?: string
  readonly kubeconfig?: string
  readonly namespace?: string
  readonly output?: 'json'
}

/** Asks the scheduler; without an attempt on record its answer says why there is none. `name` may be kubectl's `pod/x`. */
export async function whyPod(name: string, options: WhyOptions): Promise<void> {
  const file = options.kubeconfig ?? dataDirectory(chosenDirectory(options.dataDir)).kubeconfig
  const context = loadKubeconfig(file)
  const transport = createHttpsTransport({ host: realHost, ...context })
  try {
    const namespace = options.namespace ?? context.namespace
    const path = `/debug/scheduling/${encodeURIComponent(namespace)}/${encodeURIComponent(name.replace(/^pods?\//, ''))}`
    const { body } = await transport.request({ method: 'GET', path })
    const text =
      options.output === 'json' ? `${JSON.stringify(body, null, 2)}\n` : explanationText(body as Explanation)
    process.stdout.write(text)
  } finally {
    await transport.close()
  }
}
