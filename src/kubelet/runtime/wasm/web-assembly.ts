/** The part of JavaScript's interface to WebAssembly that is used here; Node's types leave it to those of browsers. */
export interface WebAssemblyApi {
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory
  readonly RuntimeError: new (message: string) => Error
  readonly Module: {
    imports(module: CompiledModule): readonly { readonly module: string; readonly name: string }[]
    exports(module: CompiledModule): readonly { readonly name: string }[]
  }
  compile(bytes: Uint8Array): Promise<CompiledModule>
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

export interface CompiledModule {
  readonly brand?: 'module'
}

declare global {
  const WebAssembly: WebAssemblyApi
}
