output "instance" {
  description = "Self link of the VM."
  value       = google_compute_instance.host.self_link
}

output "service_account" {
  description = "Who the VM is, and with it every container on it."
  value       = google_service_account.host.email
}

output "log" {
  description = "Prints what the bootstrap said on the serial console."
  value       = "gcloud compute instances get-serial-port-output ${var.name} --project ${var.project} --zone ${var.zone}"
}
