// Reads YAML in a thread of its own; started by yaml-reader.ts.
import { parentPort } from 'node:worker_threads'
import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { type YamlAsJson, yamlToJson } from '../../apimachinery/codec/yaml-json.ts'

export interface YamlQuestion {
  readonly id: number
  readonly body: Uint8Array
}

/** `error` is a DecodeError's message. */
export type YamlAnswer =
  | { readonly id: number; readonly parsed: YamlAsJson }
  | { readonly id: number; readonly error: string }

function answer({ id, body }: YamlQuestion): YamlAnswer {
  try {
    return { id, parsed: yamlToJson(body) }
  } catch (error) {
    if (error instanceof DecodeError) return { id, error: error.message }
    throw error
  }
}

parentPort?.on('message', (question: YamlQuestion) => parentPort?.postMessage(answer(question)))
