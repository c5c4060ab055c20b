/** One file of a folder, whole. */
export interface ManifestFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** A folder of manifests on the server's disk. */
export interface ManifestFolder {
  readonly path: string
  /** The YAML and JSON files that are not empty, by name. Throws an Error in upstream's words. */
  read(): readonly ManifestFile[]
  /** Calls back when something in it may have changed. Returns what stops it. */
  follow(changed: () => void): () => void
}

export const manifestPlugins = [
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
] as const

/** The plugins that take manifests, under upstream's names. */
export type ManifestPlugin = (typeof manifestPlugins)[number]

export type ManifestFolders = { readonly [plugin in ManifestPlugin]?: ManifestFolder }
