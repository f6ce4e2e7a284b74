//! What only a fake host can do: fail on purpose, lose answers, go away.

use futures::StreamExt;
use tokio::sync::watch;
use zun_domain::container::{Container, ContainerSpec, PullPolicy};
use zun_domain::image::PullProgress;
use zun_domain::network::mac_of;
use zun_driver::conformance::{Lab, Program};
use zun_driver::fake::{FakeImage, Script, Verb, When};
use zun_driver::image::pinned;
use zun_driver::runtime::{Attachment, CreateContainer, RuntimeEvent, RuntimeName};
use zun_driver::{Class, Error};

use super::{FakeLab, lab};

async fn request(lab: &FakeLab) -> CreateContainer {
    let network = lab.network();
    lab.drivers().networks.ensure(&network).await.unwrap();
    let container = lab.container();
    let image = lab.equip(container, &Program::Runs).image;
    let ip = network.subnet.hosts().nth(1).unwrap();
    CreateContainer {
        container,
        project: network.project,
        revision: 1,
        spec: ContainerSpec::of(image.clone()),
        image: image.to_string(),
        hostname: Container::default_hostname(container),
        joins: None,
        attachments: vec![Attachment {
            network: network.runtime_name(),
            ip,
            ipv6: None,
            mac: mac_of(ip),
            aliases: Vec::new(),
        }],
        dns: Vec::new(),
        published: Vec::new(),
        mounts: Vec::new(),
    }
}

fn broken() -> Error {
    Error::new(Class::Internal, "broken on purpose")
}

#[tokio::test]
async fn a_fault_meets_the_call_it_was_made_for() {
    let lab = lab("").await.unwrap();
    let (request, runtime) = (request(&lab).await, lab.drivers().runtime);
    let name = RuntimeName::Current(request.container);
    lab.host.fail(Verb::Create, When::Nth(2), broken());
    runtime.create(&request).await.unwrap();
    assert_eq!(runtime.create(&request).await, Err(broken()));
    runtime.create(&request).await.unwrap();
    assert_eq!(lab.host.calls(Verb::Create), 3);

    lab.host.fail(Verb::Start, When::Every, broken());
    for _ in 0..3 {
        assert_eq!(runtime.start(name).await, Err(broken()));
    }
    lab.host.clear_faults();
    runtime.start(name).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let lab = lab("").await.unwrap();
    let (request, runtime) = (request(&lab).await, lab.drivers().runtime);
    lab.host.lose_reply(Verb::Create, When::Nth(1), broken());
    assert_eq!(runtime.create(&request).await, Err(broken()));
    assert_eq!(lab.host.containers().len(), 1);
    runtime.create(&request).await.unwrap();
    assert_eq!(
        (lab.host.containers().len(), lab.host.aside().len()),
        (1, 0)
    );
}

#[tokio::test]
async fn a_held_call_goes_on_when_released() {
    let lab = lab("").await.unwrap();
    let (request, runtime) = (request(&lab).await, lab.drivers().runtime);
    let gate = lab.host.hold(Verb::Create, When::Nth(1));
    let watch = async {
        gate.reached().await;
        assert!(lab.host.containers().is_empty());
        gate.release();
    };
    let (made, ()) = futures::future::join(runtime.create(&request), watch).await;
    made.unwrap();
    let gate = lab.host.hold_reply(Verb::Start, When::Nth(1));
    let name = RuntimeName::Current(request.container);
    let dropped = tokio::select! {
        _ = runtime.start(name) => false,
        () = gate.reached() => true,
    };
    assert!(dropped && lab.host.look_at(name).unwrap().started_at.is_some());
}

#[tokio::test]
async fn an_engine_that_is_down_says_so_and_comes_back() {
    let lab = lab("").await.unwrap();
    let (request, runtime) = (request(&lab).await, lab.drivers().runtime);
    let mut events = runtime.events();
    assert_eq!(events.next().await, Some(RuntimeEvent::Resync));
    lab.host.engine_down("stopped on purpose");
    let error = runtime.create(&request).await.unwrap_err();
    assert_eq!(error, Error::new(Class::Unavailable, "stopped on purpose"));
    assert_eq!(
        events.next().await,
        Some(RuntimeEvent::Lost("stopped on purpose".to_owned()))
    );
    lab.host.engine_up();
    assert_eq!(events.next().await, Some(RuntimeEvent::Resync));
    runtime.create(&request).await.unwrap();
}

#[tokio::test]
async fn a_reboot_starts_what_nobody_stopped() {
    use zun_domain::container::{Phase, RestartPolicy, RestartPolicyName};
    let lab = lab("").await.unwrap();
    let runtime = lab.drivers().runtime;
    let always = RestartPolicy {
        name: RestartPolicyName::Always,
        maximum_retry_count: None,
    };
    let mut phases = Vec::new();
    for (policy, stop) in [(Some(always), false), (Some(always), true), (None, false)] {
        let mut request = request(&lab).await;
        request.spec.restart_policy = policy;
        let name = RuntimeName::Current(request.container);
        runtime.create(&request).await.unwrap();
        runtime.start(name).await.unwrap();
        if stop {
            lab.host.stop_by_hand(name).unwrap();
        }
        lab.host.reboot();
        phases.push(lab.host.look_at(name).unwrap().phase);
    }
    assert_eq!(phases, [Phase::Running, Phase::Exited, Phase::Exited]);
}

#[tokio::test]
async fn the_registry_has_what_the_host_has_not() {
    let lab = lab("").await.unwrap();
    let images = lab.drivers().images;
    let image = FakeImage::of("registry.example/app:1".parse().unwrap(), Script::default());
    let ask = |policy| images.resolve(&image.reference, policy, None);
    assert_eq!(
        ask(PullPolicy::IfNotPresent).await.unwrap_err().class,
        Class::NotFound
    );
    lab.host.registry_down(Some("connection refused"));
    assert_eq!(
        ask(PullPolicy::IfNotPresent).await.unwrap_err().class,
        Class::Unavailable
    );
    lab.host.registry_down(None);
    lab.host.push_image(&image);
    let first = ask(PullPolicy::IfNotPresent).await.unwrap();
    assert!(!first.present);
    images
        .pull(&first, None, watch::Sender::new(PullProgress::default()))
        .await
        .unwrap();

    let newer = image.clone().rebuilt(2);
    lab.host.push_image(&newer);
    assert_eq!(
        ask(PullPolicy::IfNotPresent).await.unwrap().digest,
        first.digest
    );
    let second = ask(PullPolicy::Always).await.unwrap();
    assert!(!second.present && second.digest != first.digest);
    images
        .pull(&second, None, watch::Sender::new(PullProgress::default()))
        .await
        .unwrap();
    // The tag stays where it was; the new digest runs by itself.
    assert_eq!(
        ask(PullPolicy::IfNotPresent).await.unwrap().digest,
        first.digest
    );
    let mut request = request(&lab).await;
    request.image = pinned(&image.reference, &second.digest);
    lab.drivers().runtime.create(&request).await.unwrap();
    let seen = lab
        .host
        .look_at(RuntimeName::Current(request.container))
        .unwrap();
    assert_eq!(seen.image_id, newer.id);

    lab.host.refuse_image(&image.reference, "denied");
    assert_eq!(
        ask(PullPolicy::Always).await.unwrap_err().class,
        Class::Refused
    );
}
