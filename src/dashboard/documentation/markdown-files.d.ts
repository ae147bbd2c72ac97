/** src/cli/documentation renders Markdown when the Worker is built. */
declare module '*.md' {
  const page: import('./page.ts').DocumentationPage;
  export default page;
}
