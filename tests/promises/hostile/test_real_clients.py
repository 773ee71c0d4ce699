"""Clients as the world has them, each with its own ideas of HTTP, get the count."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.promises.hostile.conftest import ServerProcess

PHOTO = ROOT / "images" / "fruits.jpg"

JAVA = """
import java.io.*; import java.net.URI; import java.net.http.*; import java.nio.file.*;
public class Count {
    public static void main(String[] args) throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.write(("--x\\r\\nContent-Disposition: form-data; name=\\"file\\"; "
            + "filename=\\"a.jpg\\"\\r\\nContent-Type: image/jpeg\\r\\n\\r\\n").getBytes());
        body.write(Files.readAllBytes(Path.of(args[1])));
        body.write("\\r\\n--x--\\r\\n".getBytes());
        HttpClient client = HttpClient.newHttpClient();  // asks for HTTP/2, as it does by default
        for (int turn = 0; turn < 3; turn++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build();
            HttpResponse<String> answer =
                client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode() + " " + answer.body());
        }
    }
}
"""
NODE = """
const [url, path] = process.argv.slice(1);
const body = new FormData();
body.append("file", new Blob([require("fs").readFileSync(path)]), "a.jpg");
fetch(url, { method: "POST", body }).then(async (answer) => {
  console.log(answer.status + " " + await answer.text());
});
"""
GO = """
package main
import ("bytes"; "fmt"; "io"; "mime/multipart"; "net/http"; "os")
func main() {
    var body bytes.Buffer
    form := multipart.NewWriter(&body)
    part, _ := form.CreateFormFile("file", "a.jpg")
    data, _ := os.ReadFile(os.Args[2])
    part.Write(data)
    form.Close()
    answer, err := http.Post(os.Args[1], form.FormDataContentType(), &body)
    if err != nil { panic(err) }
    text, _ := io.ReadAll(answer.Body)
    fmt.Println(answer.StatusCode, string(text))
}
"""


def require(program: str) -> str:
    path = shutil.which(program)
    if not path:
        pytest.skip(f"needs {program}, which is not here")
    return path


def counts(command: list[str]) -> list[int]:
    """Each line of the output is a status and an answer."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    assert [status for status, _, _ in lines] == ["200"] * len(lines), done.stdout
    return [json.loads(answer)["count"] for _, _, answer in lines]


@pytest.fixture
def expected(server_process: ServerProcess) -> int:
    return int(server_process.post("/countObjects", PHOTO.read_bytes()).json()["count"])


@pytest.mark.parametrize(
    "options", [[], ["--http2"], ["-H", "Expect: 100-continue"], ["--http1.0"],
                ["--http2", "-H", "Transfer-Encoding: chunked"]],
)  # fmt: skip
def test_curl_counts(server_process: ServerProcess, expected: int, options: list[str]) -> None:
    url = server_process.url + "/countObjects"
    command = [require("curl"), "-sS", "-w", r"\n%{http_code}", *options, "-F", f"file=@{PHOTO}"]
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=60, check=True)
    answer, _, status = done.stdout.rpartition("\n")
    assert status == "200", answer
    assert json.loads(answer)["count"] == expected


def test_java_counts_as_it_asks_by_default(
    server_process: ServerProcess, expected: int, tmp_path: Path
) -> None:
    source = tmp_path / "Count.java"
    source.write_text(JAVA)
    url = server_process.url + "/countObjects"
    assert counts([require("java"), str(source), url, str(PHOTO)]) == [expected] * 3


def test_node_counts(server_process: ServerProcess, expected: int) -> None:
    url = server_process.url + "/countObjects"
    assert counts([require("node"), "-e", NODE, url, str(PHOTO)]) == [expected]


def test_go_counts(server_process: ServerProcess, expected: int, tmp_path: Path) -> None:
    source = tmp_path / "count.go"
    source.write_text(GO)
    url = server_process.url + "/countObjects"
    assert counts([require("go"), "run", str(source), url, str(PHOTO)]) == [expected]
