import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { CreatePods } from './run.ts'

/** What the second process is asked to create. */
export interface CreateRequest {
  readonly file: string
  readonly namespace: string
  readonly count: number
}

/** Creates pods from a process of its own, over HTTPS. */
export class RemoteCreator {
  readonly #child: ChildProcess

  constructor(kubeconfigFile: string) {
    this.#child = fork(join(import.meta.dirname, 'create-pods.ts'), [kubeconfigFile])
  }

  readonly create: CreatePods = (manifest, namespace, count) => {
    const request: CreateRequest = { file: manifest.file, namespace, count }
    return new Promise((resolve, reject) => {
      this.#child.once('message', () => resolve())
      this.#child.once('exit', () => reject(new Error('the process that creates pods has ended')))
      this.#child.send(request)
    })
  }

  stop(): void {
    this.#child.removeAllListeners('exit')
    this.#child.kill()
  }
}
