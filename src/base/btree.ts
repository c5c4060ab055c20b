import sortedBtree from 'sorted-btree'

/**
 * The B+ tree of `sorted-btree`. The package is CommonJS with a `default` of its own: Node and esbuild hand out
 * the module, vitest already its default.
 */
export const BTree = typeof sortedBtree === 'function' ? sortedBtree : sortedBtree.default
