// CloudFront, before the server is asked: /api/models becomes /models. What the page does not ask
// is refused here, so that nobody reads the history with the page's key.
function handler(event) {
  var request = event.request;
  var path = request.uri.replace(/^\/api/, "");
  if (["/models", "/predict/single", "/countObjects"].indexOf(path) < 0) {
    return { statusCode: 404, statusDescription: "Not Found" };
  }
  request.uri = path;
  return request;
}
