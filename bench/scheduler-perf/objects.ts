import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { core } from '../../src/api/generated/types/index.ts'
import { kinds } from '../../src/api/kinds.ts'
import type { KindDeclaration } from '../../src/apimachinery/define-kind.ts'
import type { KubernetesObject } from '../../src/apimachinery/meta.ts'
import { apiVersionOf } from '../../src/client/resource-path.ts'
import { isRecord } from './fields.ts'
import { renderTemplate } from './template.ts'

/** An object's file, read once. */
export interface Manifest {
  /** '' where it is not from a file. */
  readonly file: string
  /** As the `index`th of `count` objects that are made of it. */
  object(index: number, count: number): KubernetesObject
}

function readObject(text: string, file: string): KubernetesObject {
  const object: unknown = parse(text)
  if (!isRecord(object)) throw new Error(`${file} is no object`)
  return object
}

export function readManifest(file: string): Manifest {
  const text = readFileSync(file, 'utf8')
  if (!text.includes('{{')) {
    const object = readObject(text, file)
    return { file, object: () => object }
  }
  return {
    file,
    object: (index, count) => readObject(renderTemplate(text, { Index: index, Count: count }), file),
  }
}

/** Upstream's pod where neither an operation nor its case gives one. */
const defaultPod: core.v1.Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'pod-' },
  spec: {
    containers: [
      {
        name: 'pause',
        image: 'registry.test/pause:1',
        ports: [{ containerPort: 80 }],
        resources: {
          limits: { cpu: '100m', memory: '500Mi' },
          requests: { cpu: '100m', memory: '500Mi' },
        },
      },
    ],
  },
}

/** '': upstream's default. */
export const readPodManifest = (file: string): Manifest =>
  file === '' ? { file, object: () => defaultPod } : readManifest(file)

export function kindOf({ apiVersion, kind }: KubernetesObject): KindDeclaration {
  const found = kinds.find((each) => each.kind === kind && apiVersionOf(each) === apiVersion)
  if (found === undefined) throw new Error(`${apiVersion} ${kind} is no kind`)
  return found
}

export const inNamespace = (object: KubernetesObject, namespace: string): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
})
