import Koa from "npm:koa@2";
const app = new Koa();
app.use((context) => context.body = "koa " + context.path);
app.listen(3000);
