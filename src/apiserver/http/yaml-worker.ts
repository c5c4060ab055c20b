// Reads YAML in a thread of its own; started by yaml-reader.ts.
import { parentPort } from 'node:worker_threads'
import { DecodeError } from '../../apimachinery/codec/decode-error.ts'
import { type YamlAsJson, yamlToJson } from '../../apimachinery/codec/yaml-json.ts'

/** `error` is a DecodeError's message. */
export type YamlAnswer = { readonly parsed: YamlAsJson } | { readonly error: string }

// The library makes an error of every wrong character, and nobody reads where that was thrown.
Error.stackTraceLimit = 0

function answer(body: Uint8Array): YamlAnswer {
  try {
    return { parsed: yamlToJson(body) }
  } catch (error) {
    if (error instanceof DecodeError) return { error: error.message }
    throw error
  }
}

parentPort?.on('message', (body: Uint8Array) => parentPort?.postMessage(answer(body)))
