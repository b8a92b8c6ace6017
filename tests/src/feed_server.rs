//! A feed server on loopback that says what a test tells it to, lies and silence included.
//!
//! It writes answers byte by byte by hand: a server that knows HTTP would refuse to lie.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The most bytes of a request's head.
const LONGEST_HEAD: usize = 64 * 1024;
/// What an endless body is written in.
const PIECE: usize = 64 * 1024;

/// What the server says to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    etag: Option<String>,
    announced: Option<u64>,
    cut_after: Option<usize>,
    wait: Duration,
}

#[derive(Debug, Clone)]
enum Body {
    Whole(Vec<u8>),
    /// So many blanks, with or without their number in the head.
    Blanks {
        count: u64,
        announced: bool,
    },
}

impl Answer {
    /// 200 with these bytes.
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: Body::Whole(body.into()),
            etag: None,
            announced: None,
            cut_after: None,
            wait: Duration::ZERO,
        }
    }

    /// 200 with a JSON document.
    pub fn json(body: &Value) -> Self {
        Self::bytes(body.to_string())
    }

    /// 200 with a JSON array of rows.
    pub fn rows(rows: &[Value]) -> Self {
        Self::json(&Value::Array(rows.to_vec()))
    }

    /// A status with an empty body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::bytes("")
        }
    }

    /// 200 with so many blanks; without a length when it is not announced.
    pub fn blanks(count: u64, announced: bool) -> Self {
        Self {
            body: Body::Blanks { count, announced },
            ..Self::bytes("")
        }
    }

    /// Answers with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives the body an entity tag, and answers 304 to whoever has it.
    #[must_use]
    pub fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self
    }

    /// Announces another length than the body has.
    #[must_use]
    pub fn announcing(mut self, length: u64) -> Self {
        self.announced = Some(length);
        self
    }

    /// Breaks the connection after so many bytes of the body.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Lets the client wait before the first byte.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Compresses the body.
    #[must_use]
    pub fn gzip(mut self) -> Self {
        if let Body::Whole(body) = &self.body {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            io::Write::write_all(&mut encoder, body).expect("memory takes it");
            self.body = Body::Whole(encoder.finish().expect("memory takes it"));
        }
        self.header("Content-Encoding", "gzip")
    }
}

/// A request that came in, and how many bytes of a body went out for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `/HOST/PATH?QUERY`: the host is the agency's.
    pub path: String,
    /// The headers, with their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Bytes of the body that the connection took.
    pub sent: u64,
}

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub struct FeedServer {
    origin: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    scripts: Vec<Script>,
    requests: Vec<Request>,
}

#[derive(Debug)]
struct Script {
    words: Vec<String>,
    answers: Vec<Answer>,
}

impl FeedServer {
    /// Starts on a free port. Until it is told otherwise it answers 500.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("it listens");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // A client that hangs up early is what some tests are about.
                tokio::spawn(async move { drop(serve(stream, &shared).await) });
            }
        });
        Self {
            origin: format!("http://{address}"),
            state,
            task,
        }
    }

    /// Returns the origin that stands in for all agencies' hosts.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Says these answers, in this order and the last one for ever, to requests whose path and query
    /// have all the words. What was scripted last counts first.
    pub fn script(&self, words: &[&str], answers: impl IntoIterator<Item = Answer>) {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        lock(&self.state).scripts.push(Script {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            answers,
        });
    }

    /// Takes the requests that came in since the last time.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.state).requests)
    }
}

impl Drop for FeedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Err(io::Error::other("the head does not end"));
        }
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1));
    let path = path.unwrap_or_default().to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let (place, answer) = {
        let mut state = lock(state);
        let answer = state.next_answer(&path);
        state.requests.push(Request {
            path,
            headers: headers.clone(),
            sent: 0,
        });
        (state.requests.len() - 1, answer)
    };
    tokio::time::sleep(answer.wait).await;
    let known = answer.etag.is_some() && headers.get("if-none-match") == answer.etag.as_ref();
    let count = |bytes: usize| {
        if let Some(request) = lock(state).requests.get_mut(place) {
            request.sent += bytes as u64;
        }
    };
    write(&mut stream, &answer, known, count).await
}

impl State {
    fn next_answer(&mut self, path: &str) -> Answer {
        let script = self
            .scripts
            .iter_mut()
            .rev()
            .find(|script| script.words.iter().all(|word| path.contains(word)));
        let Some(script) = script else {
            return Answer::status(500);
        };
        match script.answers.len() {
            0 => Answer::status(500),
            1 => script.answers[0].clone(),
            _ => script.answers.pop().expect("there is more than one"),
        }
    }
}

async fn write(
    stream: &mut TcpStream,
    answer: &Answer,
    known: bool,
    count: impl Fn(usize),
) -> io::Result<()> {
    let status = if known { 304 } else { answer.status };
    let mut head = format!("HTTP/1.1 {status} As Scripted\r\nConnection: close\r\n");
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if let Some(etag) = &answer.etag {
        head.extend(["ETag: ", etag, "\r\n"]);
    }
    if known {
        head.push_str("\r\n");
        return stream.write_all(head.as_bytes()).await;
    }
    let length = match &answer.body {
        Body::Whole(body) => Some(answer.announced.unwrap_or(body.len() as u64)),
        Body::Blanks { count, announced } => announced.then_some(*count),
    };
    let framing = length.map_or("Transfer-Encoding: chunked".to_owned(), |length| {
        format!("Content-Length: {length}")
    });
    head.extend([&framing, "\r\n\r\n"]);
    stream.write_all(head.as_bytes()).await?;
    match &answer.body {
        Body::Whole(body) => {
            let end = answer.cut_after.unwrap_or(body.len()).min(body.len());
            stream.write_all(&body[..end]).await?;
            count(end);
        }
        Body::Blanks {
            count: blanks,
            announced,
        } => write_blanks(stream, *blanks, *announced, count).await?,
    }
    stream.shutdown().await
}

async fn write_blanks(
    stream: &mut TcpStream,
    blanks: u64,
    announced: bool,
    count: impl Fn(usize),
) -> io::Result<()> {
    let piece = vec![b' '; PIECE];
    let mut left = blanks;
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        if !announced {
            stream.write_all(format!("{some:x}\r\n").as_bytes()).await?;
        }
        stream.write_all(&piece[..some]).await?;
        if !announced {
            stream.write_all(b"\r\n").await?;
        }
        count(some);
        left -= some as u64;
    }
    if announced {
        return Ok(());
    }
    stream.write_all(b"0\r\n\r\n").await
}
