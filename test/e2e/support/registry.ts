import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageRecipe, packImage } from '../../../src/kubelet/images/pack-image.ts'
import type { Machine } from './machine.ts'

export interface RegistryOptions {
  readonly port: number
  /** Only so much of each blob is sent, and no end; all of it where absent. */
  readonly stallsAfter?: number
}

/** Puts an image into a folder of the machine's, of which a registry may serve it. */
export async function layOut(
  machine: Machine,
  folder: string,
  recipe: Omit<ImageRecipe, 'architecture'>,
): Promise<string> {
  const path = join(machine.folder, folder)
  const archive = `${path}.tar`
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  mkdirSync(path)
  writeFileSync(archive, await packImage({ ...recipe, architecture }))
  await machine.succeed(['tar', '-xf', archive, '-C', path])
  return path
}

/**
 * The program, for Node, of a registry on 127.0.0.1 that has one image, whatever the name and tag that it is asked for
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests); it prints a
 * line when it listens, and one for each blob that it is asked for.
 */
export const registryProgram = (
  folder: string,
  { port, stallsAfter = Number.POSITIVE_INFINITY }: RegistryOptions,
): string => `
  const { readFileSync } = require('node:fs')
  const folder = ${JSON.stringify(folder)}
  const stallsAfter = ${stallsAfter}
  const blob = (digest) => readFileSync(folder + '/blobs/' + digest.replace(':', '/'))
  const [{ digest, mediaType }] = JSON.parse(readFileSync(folder + '/index.json', 'utf8')).manifests
  const answer = ({ method, url }, response) => {
    const [, kind, wanted] = /\\/v2\\/.+\\/(manifests|blobs)\\/([^/?]+)/.exec(url) ?? []
    if (kind === undefined) return response.end()
    const name = wanted.startsWith('sha256:') ? wanted : digest
    const data = blob(name)
    response.setHeader('content-type', kind === 'manifests' ? mediaType : 'application/octet-stream')
    response.setHeader('docker-content-digest', name)
    response.setHeader('content-length', data.length)
    if (method === 'HEAD') return response.end()
    if (kind === 'blobs') console.log(name)
    if (kind === 'blobs' && data.length > stallsAfter) response.write(data.subarray(0, stallsAfter))
    else response.end(data)
  }
  require('node:http').createServer(answer).listen(${port}, '127.0.0.1', () => console.log('listening'))`
