/** What is used of the package, for whoever loads it by `import()`: a bundle knows the names of a CommonJS package only in a static import. */
export { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
