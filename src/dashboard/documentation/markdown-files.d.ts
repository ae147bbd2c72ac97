/** src/cli/documentation renders Markdown when the Worker is built. */
declare module '*.md' {
  const page: import('../../lib/rendered-page.ts').RenderedPage;
  export default page;
}
