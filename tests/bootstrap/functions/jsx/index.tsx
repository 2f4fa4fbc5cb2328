const Page = ({ name }: { name: string }) => <h1 class="big">Hello {name}</h1>;
Deno.serve(() => new Response(String(<Page name="Ada" />)));
