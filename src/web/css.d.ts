/** Style sheets come as text: scripts/bundle-browser.mjs. */
declare module '*.css' {
  const text: string
  export default text
}
