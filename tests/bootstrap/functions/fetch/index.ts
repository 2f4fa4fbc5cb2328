export default {
  greeting: "fetched",
  fetch(request: Request) {
    return new Response(this.greeting + " " + new URL(request.url).pathname);
  },
};
