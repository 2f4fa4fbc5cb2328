const isMain = import.meta.main;
export default { fetch: () => new Response("main " + isMain) };
